/** What `console()` gives: one value for each way to mount it. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** For Express, Connect, Nest (`app.use`) and `createServer` of node:http. */
export type ConsoleHandler = (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => void

/** For `app.register` of Fastify, with its prefix. */
export type ConsolePlugin = (instance: FastifyLike) => Promise<void>

export interface Console extends ConsoleHandler {
  /** For Hono (`app.mount('/admin', admin.fetch)`), route handlers of Next.js, and other servers of the Fetch API. */
  readonly fetch: (request: Request) => Promise<Response>
  readonly fastify: ConsolePlugin
}

/** What the console uses of Fastify. */
export interface FastifyLike {
  readonly prefix: string
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(type: string, parser: (request: unknown, payload: unknown, done: (error: null) => void) => void): unknown
  all(
    path: string,
    options: { bodyLimit: number },
    handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => unknown,
  ): unknown
}

interface FastifyRequestLike {
  readonly raw: IncomingMessage
}

interface FastifyReplyLike {
  readonly raw: ServerResponse
  hijack(): unknown
}
