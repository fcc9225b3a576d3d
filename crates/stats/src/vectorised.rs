//! Functions compiled for each vector unit.

/// Defines a function whose body is compiled for each vector unit that a machine may have, and which runs the best one
/// there is. What the body calls must be `#[inline(always)]`, or it is compiled for the least machine.
///
/// A closure given to `pulp::Arch::dispatch` does the same only while it is small enough to be inlined. Constant
/// parameters come after a semicolon: `fn name<'a; const N: usize>(...)`.
macro_rules! vectorised {
    (
        $(#[$attribute:meta])*
        $visible:vis fn $name:ident<$($life:lifetime),+ $(; const $n:ident: usize)?>
            ($($argument:ident: $type:ty),+ $(,)?) -> $output:ty $body:block
    ) => {
        $(#[$attribute])*
        $visible fn $name<$($life,)+ $(const $n: usize)?>($($argument: $type),+) -> $output {
            struct Body<$($life,)+ $(const $n: usize)?> {
                $($argument: $type,)+
            }
            impl<$($life,)+ $(const $n: usize)?> pulp::NullaryFnOnce for Body<$($life,)+ $($n)?> {
                type Output = $output;

                #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
                #[inline(always)]
                fn call(self) -> $output {
                    let Self { $($argument),+ } = self;
                    $body
                }
            }
            pulp::Arch::new().dispatch(Body { $($argument),+ })
        }
    };
}

pub(crate) use vectorised;
