/**
 * The few messages of PostgreSQL's extended protocol that a binding is made of, as bytes. node-postgres can write them too, but
 * one message at a time; ours are the same for every statement of a tenant, so they are made once and sent in one piece.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Parse, Bind and Execute of a statement that returns no rows to us. An empty name is the unnamed statement. */
export function statementBytes(name: string, text: string, values: readonly string[]): Buffer {
  return Buffer.concat([parseBytes(name, text), executionBytes(name, values)])
}

/** Bind and Execute of a statement that was parsed before. No Describe, so no row description comes back. */
export function executionBytes(name: string, values: readonly string[]): Buffer {
  const parameters = values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)])
  const bind = message('B', cString(''), cString(name), int16(0), int16(values.length), ...parameters, int16(0))
  const execute = message('E', cString(''), int32(0))
  return Buffer.concat([bind, execute])
}

export function parseBytes(name: string, text: string): Buffer {
  return message('P', cString(name), cString(text), int16(0))
}

export function closeBytes(name: string): Buffer {
  return message('C', Buffer.from('S'), cString(name))
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
