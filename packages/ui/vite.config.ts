import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** The gallery: each component in each state. `npm run ui` in the root shows it. */
export default defineConfig({
  root: new URL('gallery/', import.meta.url).pathname,
  base: './',
  plugins: [vue()],
  build: { outDir: new URL('dist/gallery/', import.meta.url).pathname, emptyOutDir: true },
})
