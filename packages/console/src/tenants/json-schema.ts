/** A Standard Schema as JSON Schema, where its library can tell it. */
import * as z from 'zod'

export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly format?: string
  readonly writeOnly?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
}

interface Standard {
  readonly '~standard': { readonly jsonSchema?: { input(options: { target: string }): unknown } }
}

/** Of what the schema takes. Undefined: its library does not tell, or the schema has parts that JSON Schema lacks. */
export function jsonSchemaOf(schema: unknown): JsonSchema | undefined {
  if (typeof schema !== 'object' && typeof schema !== 'function') return undefined
  if (schema === null || !('~standard' in schema)) return undefined
  const { jsonSchema } = (schema as Standard)['~standard']
  try {
    if ('_zod' in schema) return z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' }) as JsonSchema
    return jsonSchema?.input({ target: 'draft-2020-12' }) as JsonSchema | undefined
  } catch {
    return undefined
  }
}

/** Without `null`, which says only that a value may be absent. */
export function withoutNull(schema: JsonSchema): { readonly schema: JsonSchema; readonly isNullable: boolean } {
  const parts = schema.anyOf ?? schema.oneOf
  const rest = parts?.filter(({ type }) => type !== 'null')
  if (parts !== undefined && rest?.length === 1 && rest.length < parts.length) {
    const { anyOf: _, oneOf: __, ...outer } = schema
    return { schema: { ...rest[0], ...outer }, isNullable: true }
  }
  if (Array.isArray(schema.type) && schema.type.includes('null')) {
    const types = (schema.type as readonly string[]).filter((type) => type !== 'null')
    return { schema: { ...schema, type: types.length === 1 ? types[0]! : types }, isNullable: true }
  }
  return { schema, isNullable: false }
}
