/** What subjects on node:http have in common. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Tenancy } from '../../../src/tenancy.ts'
import type { Call } from './routes.ts'

/** Parses a multipart body with the parser of the platform, and notes the scope of each chunk that it takes. */
export function uploadOf(tenancy: Tenancy, req: IncomingMessage): Call['upload'] {
  return async () => {
    const scopes = new Set<string>()
    req.on('data', () => scopes.add(tenancy.tryCurrent()?.schema ?? 'none'))
    const body = new Response(Readable.toWeb(req) as ReadableStream, {
      headers: { 'content-type': req.headers['content-type']! },
    })
    const file = (await body.formData()).get('file') as File
    return { bytes: file.size, scopes }
  }
}

/** The same for a web request: the platform reads the body, so only what is around it can be seen. */
export function webUploadOf(tenancy: Tenancy, request: Request): Call['upload'] {
  return async () => {
    const file = (await request.formData()).get('file') as File
    return { bytes: file.size, scopes: [tenancy.tryCurrent()?.schema ?? 'none'] }
  }
}

export async function jsonOf(req: IncomingMessage): Promise<unknown> {
  return JSON.parse((await req.setEncoding('utf8').toArray()).join(''))
}
