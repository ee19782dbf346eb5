/** `/mail` of the public site, in development alone: the mails that were sent, with links to click. */
import { Router } from 'express'
import { requireShared } from 'partywall/express'
import { escaped, html, Html, page } from '../web/html.ts'
import type { MailSink } from './sink.ts'

export function sinkPage(sink: MailSink): Router {
  const router = Router()
  router.get('/mail', requireShared(), (_req, res) => {
    const mails = sink.mails().map(
      ({ at, to, subject, text }) =>
        html`<article>
          <h2>${subject}</h2>
          <p>to ${to}, <time datetime="${at.toISOString()}">${at.toISOString().replace('T', ' ').slice(0, 19)}</time> UTC</p>
          <pre>${linked(text)}</pre>
        </article>`,
    )
    const empty = html`<p>No mail was sent yet. A sign-up, an invitation and a forgotten password send one.</p>`
    res.set('cache-control', 'no-store')
    res.send(
      page(
        'Mails',
        html`<h1>Mails</h1>
          <p>In development no mail leaves this machine: all of them are here.</p>
          ${mails.length === 0 ? empty : mails}`,
      ),
    )
  })
  return router
}

/** Addresses become links; everything else stays text. */
function linked(text: string): Html {
  const parts = text.split(/(https?:\/\/[^\s<>"']+)/)
  return new Html(
    parts.map((part, index) => (index % 2 === 0 ? escaped(part) : `<a href="${escaped(part)}">${escaped(part)}</a>`)).join(''),
  )
}
