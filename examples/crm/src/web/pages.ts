/** The files of the client: at the public site `index.html`, at the host of a tenant `app.html`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import express, { Router, type Request, type Response } from 'express'
import { html, page } from './html.ts'

/** For every host: files whose names change with their content, and the style sheet of the pages that the server writes. */
export function assets(dist: string): Router {
  const router = Router()
  router.use('/assets', express.static(join(dist, 'assets'), { immutable: true, maxAge: '1y', index: false, fallthrough: true }))
  router.get('/pages.css', (_req, res) => {
    res.sendFile(join(import.meta.dirname, 'pages.css'), { maxAge: 3_600_000 })
  })
  for (const name of ['favicon.svg', 'favicon.ico', 'robots.txt'])
    router.get(`/${name}`, (_req, res, next) => {
      const file = join(dist, name)
      if (existsSync(file)) res.sendFile(file)
      else next()
    })
  return router
}

export function wantsPage(req: Request): boolean {
  return (
    (req.method === 'GET' || req.method === 'HEAD') && !req.path.startsWith('/api/') && req.accepts(['html', 'json']) === 'html'
  )
}

/** A page of the client, whose router does the rest. */
export function sendClient(res: Response, dist: string, name: string, status = 200): void {
  const file = join(dist, name)
  res.status(status).set('cache-control', 'no-cache')
  if (existsSync(file)) return res.sendFile(file)
  res.send(
    page(
      'CRM',
      html`<h1>The client is not built</h1>
        <p>The API works. <code>npm run start:crm</code> builds the client, which is in <code>examples/crm/client</code>.</p>`,
    ),
  )
}

export function sendUnknownHost(res: Response, appUrl: string): void {
  res.status(404).set('cache-control', 'no-store')
  res.send(
    page(
      'Not found',
      html`<h1>There is nothing at this address</h1>
        <p>Look at its spelling, or begin at <a href="${appUrl}">${new URL(appUrl).host}</a>.</p>`,
    ),
  )
}
