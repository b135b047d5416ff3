# syntax=docker/dockerfile:1

# What runs: Debian with the Vulkan loader, the libraries that NVIDIA's Vulkan driver needs when the container runtime
# mounts it (libxext6, libegl1), and Mesa's drivers: AMD's and Intel's, and the software one for machines without a GPU.
# The release pins them: trixie has Mesa 25.0, and gets fixes only. Images are decoded by what Deno loads, not by Debian's.
FROM debian:trixie-slim AS runtime
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tini libvulkan1 mesa-vulkan-drivers libxext6 libegl1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=denoland/deno:bin-2.9.6 /deno /usr/local/bin/deno
ENV DENO_DIR=/deno-dir DENO_NO_UPDATE_CHECK=1 DENO_NO_PROMPT=1

# Everything that is loaded by the server, its children and their threads; nothing that only tests and benches need.
FROM runtime AS build
WORKDIR /app
COPY deno.json deno.lock main.ts ./
COPY src ./src
COPY kernels ./kernels
RUN deno cache --frozen main.ts src/data/decode_worker.ts src/checkpoint/write_worker.ts src/export/export_thread.ts \
    src/import/import_thread.ts src/evaluation/heads_thread.ts src/evaluation/rankme_thread.ts src/evaluation/axes_thread.ts \
    src/data/overview_thread.ts src/workers/plan_thread.ts \
    src/setup/health_check.ts src/backup/command.ts src/keys/command.ts

# The dashboard, bundled. What that takes stays here.
FROM build AS dashboard
RUN deno run --quiet --frozen -P=dashboard --allow-run=/usr/local/bin/deno src/setup/build_dashboard.ts

FROM runtime
LABEL org.opencontainers.image.title="latentd" \
      org.opencontainers.image.description="Representation learning as a service, on any GPU" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 1993 --no-create-home --home-dir /app --shell /usr/sbin/nologin latentd \
 && install -d -o latentd -g latentd /app/data
WORKDIR /app
COPY --from=build /deno-dir /deno-dir
COPY --from=build /app ./
COPY --from=dashboard /app/src/dashboard/dist ./src/dashboard/dist
USER latentd
# NVIDIA's runtime mounts its Vulkan driver only for the capability "graphics". Inside a container the port that is
# published is the boundary, so the server may listen on every address there.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics \
    HOST=0.0.0.0 TRUST_NETWORK=1 PORT=8000 DATA_DIR=/app/data \
    XDG_RUNTIME_DIR=/tmp MESA_SHADER_CACHE_DIR=/app/data/shader-cache
VOLUME /app/data
EXPOSE 8000
# It is answered within 30 s: 10 for requests under way and, meanwhile, 20 for a last checkpoint; then the children end.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["deno", "run", "--quiet", "--no-prompt", \
  "--cached-only", "--frozen", "--allow-net=127.0.0.1", "--allow-env=PORT", "src/setup/health_check.ts"]
ENTRYPOINT ["tini", "--"]
CMD ["deno", "run", "--quiet", "--cached-only", "--frozen", "--no-remote", \
  "-P=server", "--allow-run=/usr/local/bin/deno", "main.ts", "serve"]
