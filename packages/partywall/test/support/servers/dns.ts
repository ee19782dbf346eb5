/** A name server of a test: answers questions for TXT records over UDP, as the test says. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { atFileEnd } from '../run/file-end.ts'

/** What a name has: TXT records, each of one or several strings; or how the server fails. Absent: the name does not exist. */
export type Zone = Map<string, readonly (readonly string[])[] | 'SERVFAIL' | 'silent'>

const txt = 16
const codes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const

/** @returns the address for `domains.nameServers`, and how many questions came */
export async function startNameServer(zone: Zone): Promise<{ readonly address: string; readonly asked: string[] }> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (question: Buffer, from: RemoteInfo) => {
    const name = nameIn(question)
    asked.push(name)
    const found = zone.get(name)
    if (found !== 'silent') socket.send(answerTo(question, found), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  atFileEnd(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  return { address: `127.0.0.1:${socket.address().port}`, asked }
}

/** The labels behind the head of 12 bytes. */
function nameIn(question: Buffer): string {
  const labels: string[] = []
  for (let at = 12; question[at]! > 0; at += question[at]! + 1) {
    labels.push(question.subarray(at + 1, at + 1 + question[at]!).toString('latin1'))
  }
  return labels.join('.').toLowerCase()
}

function answerTo(question: Buffer, found: readonly (readonly string[])[] | 'SERVFAIL' | undefined): Buffer {
  const records = Array.isArray(found) ? (found as readonly (readonly string[])[]) : []
  const code = found === 'SERVFAIL' ? codes.SERVFAIL : found === undefined ? codes.NXDOMAIN : codes.NOERROR
  const end = question.indexOf(0, 12) + 5
  const head = Buffer.from(question.subarray(0, 12))
  // An answer, authoritative, with recursion; one question, as many records.
  head.writeUInt16BE(0x8580 | code, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, question.subarray(12, end), ...records.map(recordOf)])
}

function recordOf(strings: readonly string[]): Buffer {
  const data = Buffer.concat(strings.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])))
  const head = Buffer.alloc(12)
  // The name of the question.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(txt, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(60, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}
