import { readFileSync } from 'node:fs'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'
import { notFoundPage, pageOf, publicPages } from '../src/web/public-pages.ts'

const path = (name: string): string => new URL(name, import.meta.url).pathname
/** The server of the API; this one shows the client while it is being written. */
const api = process.env['CRM_API'] ?? 'http://127.0.0.1:3400'

/** `<!-- part: header -->` becomes the content of `parts/header.html`: the public pages share what is around them. */
function parts(): Plugin {
  return {
    name: 'parts',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) =>
        html.replaceAll(/<!-- part: ([a-z]+) -->/g, (_text, name: string) => readFileSync(path(`parts/${name}.html`), 'utf8')),
    },
  }
}

/** In development the host decides which page is meant, as the server does it for the built ones. */
function pageByHost(): Plugin {
  return {
    name: 'page-by-host',
    configureServer(server) {
      server.middlewares.use((req, _res, next) => {
        const { pathname } = new URL(req.url ?? '/', 'http://any')
        const isPage = req.headers.accept?.includes('text/html') === true && !pathname.includes('.')
        const isTenant = (req.headers.host ?? '').split('.').length > 2
        if (isPage && !/^\/(api|enter|mail|pay)(\/|$)/.test(pathname)) req.url = `/${isTenant ? 'app.html' : pageOf(pathname)}`
        next()
      })
    },
  }
}

/** Two programs: the public site, a few pages of HTML with little script, and the app of a tenant, `app.html`. */
export default defineConfig({
  root: path('.'),
  base: '/',
  plugins: [vue(), parts(), pageByHost()],
  build: {
    outDir: path('../dist/client'),
    emptyOutDir: true,
    rolldownOptions: { input: ['app.html', notFoundPage, ...Object.values(publicPages)].map((name) => path(name)) },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    allowedHosts: ['.crm.localhost', '.localhost'],
    // Without changeOrigin: the host says which tenant it is.
    proxy: Object.fromEntries(
      ['/api', '/enter', '/mail', '/pay'].map((prefix) => [prefix, { target: api, changeOrigin: false }]),
    ),
  },
})
