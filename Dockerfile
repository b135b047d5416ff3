# syntax=docker/dockerfile:1

# What runs: Debian with the Vulkan loader, the libraries that NVIDIA's Vulkan driver needs when the container runtime
# mounts it (libxext6, libegl1), and Mesa's drivers: AMD's and Intel's, and the software one for machines without a GPU.
FROM debian:trixie-slim AS runtime
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tini libvulkan1 mesa-vulkan-drivers libxext6 libegl1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=denoland/deno:bin-2.9.6 /deno /usr/local/bin/deno
ENV DENO_DIR=/deno-dir DENO_NO_UPDATE_CHECK=1 DENO_NO_PROMPT=1

# Dependencies first: they change less often than the sources.
FROM runtime AS build
WORKDIR /app
COPY deno.json deno.lock ./
COPY main.ts ./
COPY src ./src
COPY kernels ./kernels
RUN deno cache --frozen main.ts src/data/decode_worker.ts src/keys/command.ts

FROM runtime
RUN useradd --uid 1993 --no-create-home --home-dir /app --shell /usr/sbin/nologin latentd \
 && install -d -o latentd -g latentd /app/data
WORKDIR /app
COPY --from=build /deno-dir /deno-dir
COPY --from=build /app ./
USER latentd
# NVIDIA's runtime mounts its Vulkan driver only for the capability "graphics". Inside a container the port that is
# published is the boundary, so the server may listen on every address there.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics \
    HOST=0.0.0.0 TRUST_NETWORK=1 PORT=8000 DATA_DIR=/app/data \
    XDG_RUNTIME_DIR=/tmp MESA_SHADER_CACHE_DIR=/app/data/shader-cache
VOLUME /app/data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["deno", "eval", \
  "const r = await fetch(`http://127.0.0.1:${Deno.env.get('PORT')}/healthz`); if (!r.ok) Deno.exit(1)"]
ENTRYPOINT ["tini", "--"]
CMD ["deno", "run", "--quiet", "--cached-only", "--frozen", "-P=server", "--allow-run=/usr/local/bin/deno", "main.ts", "serve"]
