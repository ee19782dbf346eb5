import { everywhere } from '../../../lib/notes.js'
import { tenantRoute } from '../../../lib/tenancy.js'

/** Each chunk is made when the client has read the one before, long after the handler has returned. */
export const GET = tenantRoute(async () => {
  let chunks = 0
  const body = new ReadableStream(
    {
      async pull(controller) {
        if (chunks++ === 4) return controller.close()
        controller.enqueue(new TextEncoder().encode(`${(await everywhere()).join(', ')}\n`))
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'text/plain' } })
})
