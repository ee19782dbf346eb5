import vue from '@vitejs/plugin-vue'

/** The pages are mounted at a path that is not known here: all their addresses are relative to <base>. */
export default {
  root: new URL('client/', import.meta.url).pathname,
  base: './',
  // Vite keeps a lock there, and refuses a second build at the same time.
  ...(process.env['PARTYWALL_VITE_CACHE'] !== undefined && { cacheDir: process.env['PARTYWALL_VITE_CACHE'] }),
  plugins: [vue()],
  build: {
    outDir: new URL('dist/client/', import.meta.url).pathname,
    emptyOutDir: true,
    // The policy of the console permits no data: URL but for pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
}
