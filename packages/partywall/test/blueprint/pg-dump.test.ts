/** pg_dump as the judge: a copy in another database, under the same name, must be the same text. */
import { expect, test } from 'vitest'
import { hasPgDump, startPgDumpServer, withoutPgDump } from '../support/servers/pg-dump-server.ts'
import { copyAwkwardSchemas } from './awkward-copies.ts'

test.runIf(hasPgDump())(`pg_dump writes the same text for a copy as for its original (${withoutPgDump})`, async () => {
  const server = await startPgDumpServer()
  try {
    const admin = await server.connect('postgres')
    for (const database of ['original', 'copy']) await admin.query(`create database ${database}`)
    await admin.end()
    const [original, copy] = [await server.connect('original'), await server.connect('copy')]
    await copyAwkwardSchemas(original, copy, server.major)
    const text = server.dump('original')
    expect(text).toContain('CREATE MATERIALIZED VIEW')
    expect(server.dump('copy')).toBe(text)
    await copy.query('alter table "from structure".orders alter column status set statistics 7')
    expect(server.dump('copy')).not.toBe(text)
    await original.end()
    await copy.end()
  } finally {
    await server.stop()
  }
})
