/** Names from outside that look like the schema of another tenant, or become one on the way to PostgreSQL. */
import { group, promises, type AttackIn } from './attack.ts'
import { held, notHeld } from './judging.ts'

const promise = { ...promises.everywhere, heldBy: 'the small alphabet of the names of schemas' }

const refused = (name: string, title: string, variant: (schema: string) => string): AttackIn => ({
  name,
  title,
  promise,
  run: (world) =>
    Promise.resolve(
      world.mayBeSchema(variant(world.sibling.schema))
        ? notHeld('a tenant may have this schema')
        : held('partywall: INVALID_SCHEMA_NAME'),
    ),
})

export const names = group('names', [
  refused('upper-case', 'name a schema that differs from that of another tenant only by case', (schema) => schema.toUpperCase()),
  refused('too-long', 'name a schema that PostgreSQL cuts to that of another tenant', (schema) => schema.padEnd(64, '_')),
  refused('quotes', 'end the identifier with a quotation mark and go on as SQL', (schema) => `x"; drop schema ${schema}; --`),
  refused('look-alike', 'name a schema with letters of another alphabet that look the same', (schema) =>
    schema.replaceAll('a', '\u0430'),
  ),
  refused('trailing-space', 'name a schema with a space behind it', (schema) => `${schema} `),
  refused('zero-byte', 'name a schema with a zero byte, where C ends a text', (schema) => `${schema}\0x`),
  refused('system', 'name a schema of PostgreSQL', () => 'pg_catalog'),
  refused('shared', 'name the schema public', () => 'public'),
  refused('catalog', "name partywall's own schema", () => 'partywall'),
  refused('two', 'name two schemas as one', (schema) => `x, ${schema}`),
])
