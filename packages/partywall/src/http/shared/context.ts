/**
 * Streams do not carry a scope. Node.js emits `data`, `end`, `drain`, `finish` and `close` from the socket, where there is no tenant (only
 * what was buffered before the first read keeps it), and a web stream may pull from its source in the scope of its reader. So each
 * adapter binds the events of a request, or the body of a response, to the scope of the request.
 */
import type { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'

export type ContextTenancy = Pick<HttpTenancy, 'bind'>

type Emit = EventEmitter['emit']

/**
 * Runs every listener of these emitters in the current scope, also a listener that is added later or from another scope. Call it inside the
 * scope. If it is called again for the same emitter, the last call counts.
 * @example await tenancy.run(tenant, () => { bindEvents(tenancy, req, res); handle(req, res) })
 */
export function bindEvents(tenancy: ContextTenancy, ...emitters: readonly EventEmitter[]): void {
  for (const emitter of emitters) {
    const emit = unboundEmit.get(emitter) ?? emitter.emit
    unboundEmit.set(emitter, emit)
    emitter.emit = tenancy.bind<Parameters<Emit>, boolean>((...event) => Reflect.apply(emit, emitter, event) as boolean)
  }
}

/**
 * Reads a stream of Node.js in the current scope, wherever it is pulled: a framework may send it after the scope has ended. Its listeners run in the scope,
 * too. Call it inside the scope. Returns the same stream.
 * @example ctx.body = bindReadable(tenancy, Readable.from(rows()))
 */
export function bindReadable<S extends Readable>(tenancy: ContextTenancy, stream: S): S {
  bindEvents(tenancy, stream)
  // A stream from a generator has its own functions, which call the generator in the scope of the reader.
  stream._read = tenancy.bind(stream._read)
  stream._destroy = tenancy.bind(stream._destroy)
  return stream
}

/**
 * The same body; its source runs in the current scope, even if the reader is in another scope. Call it inside the scope.
 * @example return new Response(bindBody(tenancy, response.body), response)
 */
export function bindBody<Chunk>(tenancy: ContextTenancy, body: ReadableStream<Chunk>): ReadableStream<Chunk> {
  const reader = body.getReader()
  return new ReadableStream<Chunk>(
    {
      pull: tenancy.bind(async (controller: ReadableStreamDefaultController<Chunk>) => {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      }),
      cancel: tenancy.bind((reason: unknown) => reader.cancel(reason)),
    },
    // Reads nothing ahead of the client, so the source of the body keeps its own pace.
    { highWaterMark: 0 },
  )
}

/**
 * Runs the listeners of a signal in the current scope, wherever it is aborted: the server does so when the client has left, outside of every scope. Call it inside the scope.
 * @example await tenancy.run(tenant, () => { bindSignal(tenancy, request.signal); return handle(request) })
 */
export function bindSignal(tenancy: ContextTenancy, signal: AbortSignal): void {
  const dispatch = signal.dispatchEvent
  signal.dispatchEvent = tenancy.bind((event: Event) => Reflect.apply(dispatch, signal, [event]) as boolean)
}

/** The emitters as they were. To bind an emit that is bound already would keep the outer scope instead of the inner one. */
const unboundEmit = new WeakMap<EventEmitter, Emit>()
