/** The repository: that is where the test puts this app, and where the packages are. */
const root = process.env.APP_ROOT

export default {
  output: 'standalone',
  outputFileTracingRoot: root,
  turbopack: { root },
  typescript: { ignoreBuildErrors: true },
  experimental: { authInterrupts: true, useCache: true },
}
