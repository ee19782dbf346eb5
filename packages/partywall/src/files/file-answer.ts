/** The answer to a request for one file: whole, a part of it, or that the client has it already (RFC 9110). Frameworks have their own ways to send it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeWebStream } from 'node:stream/web'
import type { ByteRange, StoredFacts } from '../file-store.ts'

export interface FileAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable | string | undefined
}

export interface FileToSend {
  readonly facts: StoredFacts
  readonly contentType: string
  /** Further headers, such as cache-control. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Whether a date alone may tell that a client has the file. Not where one URL has the files of several tenants: another tenant's file may have the same date.
   * @default false
   */
  readonly isDateEnough?: boolean
  open(range: ByteRange | undefined): Promise<Readable | undefined>
}

/** Names in lower case. */
export type HeaderOf = (name: string) => string | undefined

export async function answerWith(method: string, header: HeaderOf, file: FileToSend): Promise<FileAnswer> {
  const { facts, contentType, open, isDateEnough = false } = file
  const { size, modifiedAt } = facts
  const etag = `"${facts.etag}"`
  const common = {
    ...file.headers,
    etag,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    ...(modifiedAt !== undefined && { 'last-modified': modifiedAt.toUTCString() }),
  }
  if (isKnown(header, etag, isDateEnough ? modifiedAt : undefined)) return { status: 304, headers: common, body: undefined }
  const range = method === 'GET' ? rangeOf(header, etag, size) : undefined
  if (range === 'unsatisfiable')
    return { status: 416, headers: { ...common, 'content-range': `bytes */${size}`, 'content-length': '0' }, body: undefined }
  const length = range === undefined ? size : range.end - range.start + 1
  const headers = {
    ...common,
    'content-type': contentType,
    'content-length': String(length),
    ...(range !== undefined && { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
  }
  if (method === 'HEAD') return { status: 200, headers, body: undefined }
  const body = await open(range)
  if (body === undefined) return missing
  return { status: range === undefined ? 200 : 206, headers, body }
}

/** The same for each file that is not served, whatever the reason. */
export const missing: FileAnswer = plainAnswer(404, 'Not found.\n')

export function plainAnswer(status: number, body: string): FileAnswer {
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body,
  }
}

function isKnown(header: HeaderOf, etag: string, modifiedAt: Date | undefined): boolean {
  const known = header('if-none-match')
  if (known !== undefined) {
    return known === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
  }
  const since = Date.parse(header('if-modified-since') ?? '')
  return modifiedAt !== undefined && Math.floor(modifiedAt.getTime() / 1000) * 1000 <= since
}

/** One range. Several are answered with the whole file, as RFC 9110 permits. */
function rangeOf(header: HeaderOf, etag: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header('range')?.trim() ?? '') ?? []
  if (first === '' && last === '') return undefined
  const condition = header('if-range')
  if (condition !== undefined && condition !== etag) return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

export function nodeHeader({ headers }: Pick<IncomingMessage, 'headers'>): HeaderOf {
  return (name) => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
}

/** Resolves when the answer is sent, or the client has gone away. */
export async function sendToNode(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: FileAnswer,
): Promise<void> {
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (body === undefined || typeof body === 'string') {
    res.end(req.method === 'HEAD' ? undefined : body)
    return
  }
  try {
    await pipeline(body, res)
  } catch (error) {
    // Half of it may have been sent: the connection says so to the client.
    res.destroy()
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}

export function webResponse(method: string, { status, headers, body }: FileAnswer): Response {
  const content = body instanceof Readable ? (Readable.toWeb(body) as NodeWebStream as ReadableStream) : body
  return new Response(method === 'HEAD' ? undefined : content, { status, headers })
}
