/** Schemas that are built, rendered into another schema, and read there. */
import type { Client } from 'pg'
import type { Blueprint } from '../../src/blueprint/blueprint.ts'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { renderBlueprint } from '../../src/blueprint/render/render-blueprint.ts'
import type { RenderedSchema } from '../../src/blueprint/render/rendered-schema.ts'
import { identifier } from '../../src/names/identifier.ts'

export async function makeSchema(client: Client, schema: string, sql: string): Promise<void> {
  await client.query(
    `create schema ${identifier(schema)}; set search_path = ${identifier(schema)}, public; ${sql}; reset search_path`,
  )
}

/** The texts that were sent, so that a failing one can be shown. */
export async function createFrom(client: Client, { settings, structure, afterRows }: RenderedSchema, to: string): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`create schema ${identifier(to)}`)
    for (const statement of [...settings, ...structure, ...afterRows]) {
      await client.query(statement).catch((error: Error) => {
        throw new Error(`${error.message}, in: ${statement}`)
      })
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

export async function copySchema(
  client: Client,
  from: string,
  to: string,
): Promise<{ original: Blueprint; copy: Blueprint; rendered: RenderedSchema }> {
  const original = await readBlueprint(client, from)
  const rendered = await renderBlueprint(original, { from, to })
  await createFrom(client, rendered, to)
  return { original, copy: await readBlueprint(client, to), rendered }
}
