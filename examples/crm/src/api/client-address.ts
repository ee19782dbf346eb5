/** From where a request comes, for limits: an IPv4 address, or the network of an IPv6 address, whose owner has all addresses in it. */
import type { Request } from 'express'

export function clientAddress({ ip = '' }: Pick<Request, 'ip'>): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)
  if (mapped !== null) return mapped[1]!
  if (!ip.includes(':')) return ip
  const [head = '', tail = ''] = ip.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const ends = tail.split(':').filter((group) => group !== '')
  const all = ip.includes('::')
    ? [...groups, ...Array.from({ length: 8 - groups.length - ends.length }, () => '0'), ...ends]
    : groups
  return `${all.slice(0, 4).join(':')}::/64`
}
