/** Helpers of the tests of tenancy.probe: a probe of a database, the schemas that it left, and proxies that change what passes through. */
import { connect, createServer, type AddressInfo } from 'node:net'
import { Client } from 'pg'
import { expect, onTestFinished } from 'vitest'
import { createTenancy, type Probe } from '../../../src/index.ts'

export function probe(database: string): Promise<Probe> {
  const tenancy = createTenancy({ database, pool: { connectionTimeoutMillis: 10_000 } })
  return tenancy.probe().finally(() => tenancy.close())
}

/** The temporary schemas that still exist. */
export function leftovers(url: string): Promise<unknown[]> {
  return query(url, `select nspname from pg_namespace where nspname like 'partywall\\_probe\\_%'`)
}

export async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** A proxy that changes what the client sends to the server. */
export async function meddling(target: string, change: (data: Buffer) => Buffer): Promise<string> {
  const { hostname, port } = new URL(target)
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname)
    client.on('data', (data: Buffer) => upstream.write(change(data)))
    upstream.pipe(client)
    for (const socket of [client, upstream]) {
      socket.on('error', () => {}).on('close', () => (client.destroy(), upstream.destroy()))
    }
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const through = new URL(target)
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return through.href
}

/** Replaces one text by another of the same length. */
export function swap(from: string, to: string): (data: Buffer) => Buffer {
  expect(to.length).toBe(from.length)
  return (data) => Buffer.from(data.toString('latin1').replaceAll(from, to), 'latin1')
}
