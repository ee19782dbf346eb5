/** The description of the API, which Insomnia, Bruno, Postman and others import from its address or as a file. */
import { Router } from 'express'
import { requireShared } from 'partywall/express'
import document from '../openapi.json' with { type: 'json' }

export function openapiRouter(): Router {
  const router = Router()
  router.get('/openapi.json', requireShared(), (req, res) => {
    // The tool sends its requests to where it has the document from.
    res.json({ ...document, servers: [{ url: `${req.protocol}://${req.host}` }] })
  })
  return router
}
