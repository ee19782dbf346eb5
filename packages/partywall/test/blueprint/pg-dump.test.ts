/** pg_dump as the judge: a copy in another database, under the same name, must be the same text. */
import { expect, test } from 'vitest'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { renderBlueprint } from '../../src/blueprint/render/render-blueprint.ts'
import { hasPgDump, startPgDumpServer, withoutPgDump } from '../support/servers/pg-dump-server.ts'
import { awkward, sharedObjects } from './awkward.ts'
import { createFrom, makeSchema } from './copies.ts'
import { structure } from './structure.ts'

test.runIf(hasPgDump())(`pg_dump writes the same text for a copy as for its original (${withoutPgDump})`, async () => {
  const server = await startPgDumpServer()
  try {
    const admin = await server.connect('postgres')
    for (const database of ['original', 'copy']) await admin.query(`create database ${database}`)
    await admin.end()
    const [original, copy] = [await server.connect('original'), await server.connect('copy')]
    for (const client of [original, copy]) await client.query(sharedObjects)
    const schemas = Object.entries({ structure: { sql: structure, since: 14 }, ...awkward }).filter(
      ([, { since }]) => since <= server.major,
    )
    for (const [name, { sql }] of schemas) {
      const schema = `from ${name}`.slice(0, 60)
      await makeSchema(original, schema, sql)
      const rendered = await renderBlueprint(await readBlueprint(original, schema), { from: schema, to: schema })
      await createFrom(copy, rendered, schema)
    }
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
