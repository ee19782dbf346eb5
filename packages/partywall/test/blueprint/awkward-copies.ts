/** Every awkward schema in one database, and its copy with the same name in another. */
import type { Client } from 'pg'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { renderBlueprint } from '../../src/blueprint/render/render-blueprint.ts'
import { awkward, sharedObjects } from './awkward.ts'
import { createFrom, makeSchema } from './copies.ts'
import { structure } from './structure.ts'

/** @param major the version of both servers */
export async function copyAwkwardSchemas(original: Client, copy: Client, major: number): Promise<void> {
  for (const client of [original, copy]) await client.query(sharedObjects)
  for (const [name, { sql, since }] of Object.entries({ structure: { sql: structure, since: 14 }, ...awkward })) {
    if (since > major) continue
    const schema = `from ${name}`.slice(0, 60)
    await makeSchema(original, schema, sql)
    const rendered = await renderBlueprint(await readBlueprint(original, schema), { from: schema, to: schema })
    await createFrom(copy, rendered, schema)
  }
}
