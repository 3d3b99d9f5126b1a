# The gateway with its web pages in one image. Build from the root of the repository.
ARG NODE_VERSION=26.10.0

FROM node:${NODE_VERSION}-slim AS dependencies
WORKDIR /app
COPY . .
# The pinned Node of the workspace is a development dependency and stays out: the image brings its own.
# Not `npm ci`, for the reason given in tools/prepare.mjs; the locked versions are installed all the same.
RUN npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund \
    --workspace packages/gateway --workspace packages/connector \
    --workspace packages/protocol --workspace packages/demo-engine \
    --workspace packages/demo-image-engine

# The web pages: built here, so that what builds them is not in the image.
FROM dependencies AS pages
RUN npm install --no-save --ignore-scripts --no-audit --no-fund \
    --workspace packages/web --workspace packages/protocol \
    && node tools/web.mjs && rm -rf packages/web/node_modules

FROM node:${NODE_VERSION}-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=pages /app/packages ./packages
COPY --from=dependencies /app/profiles ./profiles
COPY --from=dependencies /app/switchyard.yaml ./
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--no-allocation-site-pretenuring", "--no-memory-reducer", "--heap-growing-percent=100", "--expose-gc", "packages/gateway/src/cli/main.ts"]
CMD ["start", "--host", "0.0.0.0", "--port", "8080", "--data", "/data"]
