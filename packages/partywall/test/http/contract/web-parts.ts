/** What subjects with web requests and responses have in common. */
import { ReadableStream as NodeStream } from 'node:stream/web'
import type { Reply } from './routes.ts'

export function webResponse(reply: Reply): Response {
  if ('json' in reply) return Response.json(reply.json)
  return new Response(NodeStream.from(encoded(reply.stream)) as unknown as ReadableStream, {
    headers: { 'content-type': reply.type },
  })
}

async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) yield new TextEncoder().encode(text)
}
