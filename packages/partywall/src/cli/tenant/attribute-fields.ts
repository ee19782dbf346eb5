/** Which attributes a schema has, as far as it tells: a schema is a function for partywall, which it asks. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

export type AttributesSchema = StandardSchemaV1<any, object>

export interface AttributeField {
  readonly name: string
  readonly isRequired: boolean
  /** Undefined without one. */
  readonly byDefault: unknown
  /** The only values that it takes. Undefined where there are others. */
  readonly choices?: readonly unknown[] | undefined
  /** What is typed is this text, also where it looks like a number. */
  readonly isText: boolean
}

/**
 * A schema that describes itself (Standard JSON Schema: zod, arktype) tells all fields. Of any other one, those are seen that it misses in `known`; or, where it
 * misses none, those that it fills with a default. So ask again with their values.
 */
export async function fieldsOf(schema: AttributesSchema, known: Readonly<Record<string, unknown>>): Promise<AttributeField[]> {
  return describedFields(schema) ?? seenFields(schema, known)
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, PropertySchema>>
  readonly required?: readonly string[]
}

interface PropertySchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
}

function describedFields(schema: AttributesSchema): AttributeField[] | undefined {
  const described = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  if (described.jsonSchema === undefined) return undefined
  try {
    const { properties, required = [] } = described.jsonSchema.input({ target: 'draft-2020-12' }) as ObjectSchema
    return properties === undefined
      ? undefined
      : Object.entries(properties).map(([name, property]) => ({
          name,
          isRequired: required.includes(name),
          byDefault: property.default,
          choices: choicesOf(property),
          isText: property.type === 'string',
        }))
  } catch {
    // It has a type that JSON Schema cannot say, such as one that transforms.
    return undefined
  }
}

function choicesOf(property: PropertySchema): readonly unknown[] | undefined {
  if (property.type === 'boolean') return [true, false]
  return property.const === undefined ? property.enum : [property.const]
}

async function seenFields(schema: AttributesSchema, known: Readonly<Record<string, unknown>>): Promise<AttributeField[]> {
  const result = await schema['~standard'].validate(known)
  const fields: [name: string, byDefault: unknown][] =
    result.issues === undefined
      ? Object.entries(result.value)
      : result.issues.flatMap(({ path = [] }) => (path.length === 0 ? [] : [[nameOf(path[0]!), undefined]]))
  return fields.map(([name, byDefault]) => ({
    name,
    isRequired: byDefault === undefined,
    byDefault,
    choices: typeof byDefault === 'boolean' ? [true, false] : undefined,
    isText: typeof byDefault === 'string',
  }))
}

/** What the schema says about one attribute, beside the others; undefined where it accepts it, or says so later only. */
export function problemOf(
  schema: AttributesSchema,
  known: Readonly<Record<string, unknown>>,
  name: string,
  value: unknown,
): string | undefined {
  const result = schema['~standard'].validate({ ...known, [name]: value })
  // The whole is validated when the tenant is made.
  if (result instanceof Promise) return undefined
  return result.issues?.find(({ path = [] }) => path.length > 0 && nameOf(path[0]!) === name)?.message
}

function nameOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof segment === 'object' ? segment.key : segment)
}
