/** Messages of PostgreSQL's protocol, version 3: cut out of a stream, and written. */

export interface Message {
  /** One letter; the same letter means one thing from a client and another from a server. */
  readonly type: string
  /** All of it: letter, length and body. */
  readonly bytes: Buffer
}

/** The body of a message begins behind its letter and its length. */
export const bodyAt = 5

/** Cuts a stream into messages. */
export class Messages {
  #rest: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): Message[] {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const messages: Message[] = []
    while (data.length >= bodyAt) {
      const end = 1 + data.readInt32BE(1)
      if (end < bodyAt) throw new Error('A message of PostgreSQL has a length that none can have.')
      if (data.length < end) break
      messages.push({ type: String.fromCharCode(data[0]!), bytes: data.subarray(0, end) })
      data = data.subarray(end)
    }
    this.#rest = data
    return messages
  }
}

export function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(bodyAt)
  head.write(type, 'latin1')
  head.writeInt32BE(4 + parts.reduce((sum, part) => sum + part.length, 0), 1)
  return Buffer.concat([head, ...parts])
}

export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** The text that begins at `from`, and the place behind its end. */
export function readText(bytes: Buffer, from: number): { readonly value: string; readonly end: number } {
  const stop = bytes.indexOf(0, from)
  return { value: bytes.toString('utf8', from, stop), end: stop + 1 }
}

export const sync = message('S')

export function query(sql: string): Buffer {
  return message('Q', text(sql))
}

/** A client hears by this that it may send the next statement: `I` outside of a transaction, `T` in one, `E` in a failed one. */
export function ready(status: string): Buffer {
  return message('Z', Buffer.from(status))
}

export function parameter(name: string, value: string): Buffer {
  return message('S', text(name), text(value))
}

export interface Refusal {
  /** @default 'ERROR' */
  readonly severity?: 'ERROR' | 'FATAL'
  readonly code: string
  readonly message: string
}

export function errorMessage({ severity = 'ERROR', code, message: problem }: Refusal): Buffer {
  const fields = { S: severity, V: severity, C: code, M: problem }
  return message('E', ...Object.entries(fields).map(([name, value]) => text(`${name}${value}`)), Buffer.from([0]))
}

/** The fields of an error, by their letters. */
export function errorFields(bytes: Buffer): Map<string, string> {
  const fields = new Map<string, string>()
  for (let at = bodyAt; at < bytes.length && bytes[at] !== 0;) {
    const { value, end } = readText(bytes, at)
    fields.set(value[0]!, value.slice(1))
    at = end
  }
  return fields
}
