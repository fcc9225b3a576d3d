//! SHA-256 of sixteen messages at once, in the 512-bit vectors of processors that have them.
//!
//! The rounds of one message follow on each other, so the instructions for SHA-256 wait for each other most of the time.
//! Sixteen messages side by side keep a core busy: twice as many bytes a second.

use archmage::{SimdToken as _, X64V4Token};

/// Messages at once.
pub(crate) const LANES: usize = 16;
/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// Hash values of all messages: of each of the eight words, that of every message.
pub(crate) type States = [[u32; LANES]; 8];

/// FIPS 180-4, section 5.3.3.
pub(crate) const FIRST: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// That this processor has the vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide(X64V4Token);

impl Wide {
    /// `None` where the processor has none.
    pub fn here() -> Option<Self> {
        X64V4Token::summon().map(Self)
    }

    /// Takes in as many blocks of each message. Every message must have them.
    pub fn compress(self, states: &mut States, messages: &[&[u8]; LANES], blocks: usize) {
        x86::compress(self.0, states, messages, blocks);
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod x86 {
    use super::{LANES, States, X64V4Token};

    /// Never called: there is no such token here.
    pub(super) fn compress(_: X64V4Token, _: &mut States, _: &[&[u8]; LANES], _: usize) {}
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use archmage::prelude::*;

    use super::{BLOCK, LANES, States};

    /// FIPS 180-4, section 4.2.2.
    const ROUND: [u32; 64] = [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
        0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
        0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
        0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
        0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
        0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
        0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2,
    ];

    #[arcane]
    pub(super) fn compress(here: X64V4Token, states: &mut States, messages: &[&[u8]; LANES], blocks: usize) {
        let mut state = [_mm512_setzero_si512(); 8];
        for (vector, words) in state.iter_mut().zip(states.iter()) {
            *vector = _mm512_loadu_si512(words);
        }
        for block in 0..blocks {
            let mut words = words(here, messages, block * BLOCK);
            rounds(here, &mut state, &mut words);
        }
        for (vector, words) in state.into_iter().zip(states) {
            _mm512_storeu_si512(words, vector);
        }
    }

    /// The sixteen words of a block of each message: of each word, that of every message.
    #[rite]
    fn words(_here: X64V4Token, messages: &[&[u8]; LANES], at: usize) -> [__m512i; 16] {
        let big_endian = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
        let (mut a, mut b) = ([_mm512_setzero_si512(); 16], [_mm512_setzero_si512(); 16]);
        for (row, message) in a.iter_mut().zip(messages) {
            let block: &[u8; BLOCK] = message[at..at + BLOCK].try_into().expect("a slice of that length");
            *row = _mm512_shuffle_epi8(_mm512_loadu_si512(block), big_endian);
        }
        // A matrix of 16 x 16 words is transposed: within vectors of four, then vectors of four against each other.
        for i in 0..8 {
            b[2 * i] = _mm512_unpacklo_epi32(a[2 * i], a[2 * i + 1]);
            b[2 * i + 1] = _mm512_unpackhi_epi32(a[2 * i], a[2 * i + 1]);
        }
        for i in (0..16).step_by(4) {
            a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
            a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
            a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
            a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
        }
        for i in 0..4 {
            b[i] = _mm512_shuffle_i32x4::<0x88>(a[i], a[i + 4]);
            b[i + 4] = _mm512_shuffle_i32x4::<0xdd>(a[i], a[i + 4]);
            b[i + 8] = _mm512_shuffle_i32x4::<0x88>(a[i + 8], a[i + 12]);
            b[i + 12] = _mm512_shuffle_i32x4::<0xdd>(a[i + 8], a[i + 12]);
        }
        for i in 0..4 {
            a[i] = _mm512_shuffle_i32x4::<0x88>(b[i], b[i + 8]);
            a[i + 4] = _mm512_shuffle_i32x4::<0x88>(b[i + 4], b[i + 12]);
            a[i + 8] = _mm512_shuffle_i32x4::<0xdd>(b[i], b[i + 8]);
            a[i + 12] = _mm512_shuffle_i32x4::<0xdd>(b[i + 4], b[i + 12]);
        }
        a
    }

    /// FIPS 180-4, section 6.2.2. The names are the standard's; three-input functions go by their truth tables.
    #[rite]
    fn rounds(_here: X64V4Token, state: &mut [__m512i; 8], w: &mut [__m512i; 16]) {
        const XOR: i32 = 0x96;
        const CHOICE: i32 = 0xca;
        const MAJORITY: i32 = 0xe8;
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
        for (t, constant) in ROUND.into_iter().enumerate() {
            let at = t % 16;
            if t >= 16 {
                let (x, y) = (w[(t + 1) % 16], w[(t + 14) % 16]);
                let small0 = _mm512_ternarylogic_epi32::<XOR>(
                    _mm512_ror_epi32::<7>(x),
                    _mm512_ror_epi32::<18>(x),
                    _mm512_srli_epi32::<3>(x),
                );
                let small1 = _mm512_ternarylogic_epi32::<XOR>(
                    _mm512_ror_epi32::<17>(y),
                    _mm512_ror_epi32::<19>(y),
                    _mm512_srli_epi32::<10>(y),
                );
                let sum = _mm512_add_epi32(w[at], small0);
                w[at] = _mm512_add_epi32(sum, _mm512_add_epi32(w[(t + 9) % 16], small1));
            }
            let big1 = _mm512_ternarylogic_epi32::<XOR>(
                _mm512_ror_epi32::<6>(e),
                _mm512_ror_epi32::<11>(e),
                _mm512_ror_epi32::<25>(e),
            );
            let big0 = _mm512_ternarylogic_epi32::<XOR>(
                _mm512_ror_epi32::<2>(a),
                _mm512_ror_epi32::<13>(a),
                _mm512_ror_epi32::<22>(a),
            );
            let word = _mm512_add_epi32(w[at], _mm512_set1_epi32(constant.cast_signed()));
            let first = _mm512_add_epi32(_mm512_add_epi32(h, word), _mm512_ternarylogic_epi32::<CHOICE>(e, f, g));
            let first = _mm512_add_epi32(first, big1);
            let second = _mm512_add_epi32(big0, _mm512_ternarylogic_epi32::<MAJORITY>(a, b, c));
            (h, g, f, e) = (g, f, e, _mm512_add_epi32(d, first));
            (d, c, b, a) = (c, b, a, _mm512_add_epi32(first, second));
        }
        for (word, now) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = _mm512_add_epi32(*word, now);
        }
    }
}
