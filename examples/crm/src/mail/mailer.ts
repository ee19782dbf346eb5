/** Sends mails: to the server that SMTP_URL names, or in development to the one inside this process. */
import { createTransport } from 'nodemailer'
import type { Environment } from '../environment.ts'
import type { Mail } from './mails.ts'

export interface Mailer {
  /** Resolves when the server has taken it. */
  send(mail: Mail): Promise<void>
  /** The same without waiting: for mails that a request must not fail for. An error is logged, without the text, which may hold a link that opens something. */
  post(mail: Mail): void
  /** Waits for what was posted. */
  close(): Promise<void>
}

/** @param sinkPort of the server inside this process */
export function createMailer({ smtpUrl, appUrl }: Pick<Environment, 'smtpUrl' | 'appUrl'>, sinkPort?: number): Mailer {
  const server = smtpUrl === undefined ? { host: '127.0.0.1', port: sinkPort ?? 1025, ignoreTLS: true } : smtpUrl
  const transport = createTransport(server as string)
  const from = { name: 'CRM', address: `no-reply@${new URL(appUrl).hostname}` }
  const send = async ({ to, subject, text }: Mail): Promise<void> => {
    await transport.sendMail({ from, to: { name: '', address: to }, subject, text, textEncoding: 'base64' })
  }
  const pending = new Set<Promise<void>>()
  return {
    send,
    post(mail) {
      const sending = send(mail).catch((error: unknown) => console.error('crm: a mail was not sent:', (error as Error).message))
      pending.add(sending)
      void sending.then(() => pending.delete(sending))
    },
    async close() {
      await Promise.all(pending)
      transport.close()
    },
  }
}
