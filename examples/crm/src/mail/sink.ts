/** A mail server for development: it takes every mail, sends none, and keeps the last hundred in memory. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { readMail } from './read-mail.ts'

interface CaughtMail {
  readonly at: Date
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface MailSink {
  readonly port: number
  /** The newest first. */
  mails(): readonly CaughtMail[]
  close(): Promise<void>
}

const most = 100
const mostBytes = 1_000_000

/** On a free port of the loopback interface. */
export async function startMailSink(): Promise<MailSink> {
  const caught: CaughtMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    size: mostBytes,
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join(', ')
        caught.unshift({ at: new Date(), to, ...readMail(Buffer.concat(chunks).toString('latin1')) })
        caught.length = Math.min(caught.length, most)
        done()
      })
    },
  })
  server.on('error', (error) => console.error('crm: mail sink:', error.message))
  const listening = server.listen(0, '127.0.0.1')
  if (!listening.listening) await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return {
    port,
    mails: () => caught,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
