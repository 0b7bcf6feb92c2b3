# The steps stand in scripts/image-steps.sh, which scripts/image-check.sh runs without Docker too.

FROM node:20-bookworm-slim AS build
WORKDIR /source
COPY . .
RUN sh scripts/image-steps.sh build /image

FROM node:20-bookworm-slim AS runtime
# yes: with the optional package for WhatsApp. It brings a GPL-3.0 library, so such an image is under GPL-3.0 as a whole.
ARG WHATSAPP=no
# UV_THREADPOOL_SIZE: Node's threads that wait for the disk; docs/performance.md says what it brings to an archive in a folder.
ENV NODE_ENV=production \
    UV_THREADPOOL_SIZE=16 \
    HOST=0.0.0.0 \
    ARCHWAY_DATA_DIR=/data
# ADMIN_HOST keeps its default, the container's own loopback: the private listener is reached by `docker exec`, or by whoever
# sets ADMIN_HOST=0.0.0.0 and publishes 8081 to a network that only operators reach.
WORKDIR /app
COPY --from=build /image ./
# The program's files stay root's, so that the gateway cannot change itself; it owns its data and nothing else.
RUN WHATSAPP=$WHATSAPP sh scripts/image-steps.sh runtime \
 && install -d -m 0700 -o node -g node /data
USER node
VOLUME /data
# 8080: webhooks of the providers. 8081: private API, metrics, readiness.
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD exec node scripts/healthcheck.mjs "${PORT:-8080}"
CMD ["node", "bin/archway.js", "serve"]
