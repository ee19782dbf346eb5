/** The host that the browser has asked. Several that contradict each other are joined with a comma, which no check accepts. */
import type { IncomingMessage } from 'node:http'
import { nodeFacts, webFacts } from 'partywall/http'
import type { CheckedOptions } from '../options.ts'

export function hostOf(
  request: Request,
  node: IncomingMessage | undefined,
  { trustProxy = false }: Pick<CheckedOptions, 'trustProxy'>,
): string {
  const forwarded = trustProxy ? request.headers.get('x-forwarded-host') : null
  return (forwarded ?? (node === undefined ? webFacts(request) : nodeFacts(node)).host ?? '').toLowerCase()
}

/** Whether the browser has come over TLS, as far as this process can know it. */
export function isEncrypted(
  request: Request,
  node: IncomingMessage | undefined,
  { trustProxy = false }: Pick<CheckedOptions, 'trustProxy'>,
): boolean {
  if (trustProxy && request.headers.get('x-forwarded-proto')?.split(',', 1)[0]!.trim().toLowerCase() === 'https') return true
  if (node !== undefined) return 'encrypted' in node.socket && node.socket.encrypted === true
  return new URL(request.url).protocol === 'https:'
}
