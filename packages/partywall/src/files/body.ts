/** What `put` takes, as one stream of bytes. */
import { addAbortSignal, Readable } from 'node:stream'
import type { ReadableStream as NodeWebStream } from 'node:stream/web'
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'

/** Text, bytes, or a stream: of Node.js, of the web, or the body of a request. */
export type FileBody = string | Uint8Array | ArrayBuffer | Blob | Readable | ReadableStream<Uint8Array>

export interface CheckedBody {
  /** Undefined for a stream, unless the caller said it. */
  readonly size: number | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * @param size as the caller says it
 * @throws TenancyError INVALID_ARGUMENT; also for a stream that was read before: its file would be empty
 */
export function checkedBody(what: string, body: unknown, size: number | undefined, signal: AbortSignal | undefined): CheckedBody {
  const bytes = bytesOf(body)
  if (bytes !== undefined) {
    signal?.throwIfAborted()
    return { size: bytes.byteLength, chunks: inOneChunk(bytes) }
  }
  const known = body instanceof Blob ? body.size : size
  const stream = streamOf(what, body)
  // It may fail before the first chunk is asked for. The iterator throws the error then; without a listener it would end the process.
  stream.on('error', () => {})
  if (signal !== undefined) addAbortSignal(signal, stream)
  // A request whose upload is refused must stay open for the answer.
  const chunks = stream.iterator({ destroyOnReturn: !('headers' in stream) })
  return { size: known, chunks: asBytes(what, chunks) }
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  return body instanceof Uint8Array ? body : undefined
}

function streamOf(what: string, body: unknown): Readable {
  if (body instanceof Readable) {
    if (body.readableEnded || body.destroyed) throw wasRead(what)
    return body
  }
  if (body instanceof Blob) return Readable.fromWeb(body.stream() as NodeWebStream)
  if (body instanceof ReadableStream) {
    if (body.locked) throw wasRead(what)
    return Readable.fromWeb(body as NodeWebStream)
  }
  throw new TenancyError('INVALID_ARGUMENT', `${what} takes text, bytes, a Blob or a stream; it got ${seen(body)}.`, {
    details: { what, option: 'body' },
  })
}

function wasRead(what: string): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `${what} got a stream that was read or ended before, so the file would be empty. Pass it on before another part of the program, such as a parser of bodies, reads it.`,
    { details: { what, option: 'body' } },
  )
}

async function* inOneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}

async function* asBytes(what: string, chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const bytes = bytesOf(chunk)
    if (bytes === undefined) {
      throw new TenancyError('INVALID_ARGUMENT', `${what} got a stream of ${seen(chunk)} in place of bytes or text.`, {
        details: { what, option: 'body' },
      })
    }
    yield bytes
  }
}
