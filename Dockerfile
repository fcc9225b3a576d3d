# The program and what it is linked with, run by nobody in particular; no shell, no package manager.
#
#   docker build --tag taster .
#   docker run --rm --network none --user "$(id -u):$(id -g)" --volume "$PWD:/data" taster scan train.parquet --label income
#
# Pin both images by digest where builds must be repeatable.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
# Tests and benches are named in manifests; no build looks into them.
COPY tests tests
COPY benches benches
RUN cargo build --release --locked --package taster && strip target/release/taster

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/taster /usr/local/bin/taster
# Data is mounted here, and the report is written beside it.
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/taster"]
