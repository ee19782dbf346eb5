/** The attributes of a tenant as fields of a form, from the application's own schema. */
import type { AnyTenancy } from '../parts.ts'
import type { FieldKind, FormAnswer, FormField } from './api.ts'
import { jsonSchemaOf, withoutNull, type JsonSchema } from './json-schema.ts'
import { isSecretName } from './secrets.ts'

export function attributeForm(tenancy: AnyTenancy): FormAnswer {
  const { attributes } = tenancy.options
  if (attributes === undefined) return { isChecked: false }
  const { properties, required = [] } = jsonSchemaOf(attributes) ?? {}
  if (properties === undefined) return { isChecked: true }
  const fields = Object.entries(properties).map(([name, schema]) => fieldOf(name, schema, required.includes(name)))
  return { isChecked: true, fields }
}

/** The names of attributes that the schema marks as secret. */
export function markedSecrets({ fields = [] }: FormAnswer): ReadonlySet<string> {
  return new Set(fields.filter(({ isSecret }) => isSecret).map(({ name }) => name))
}

function fieldOf(name: string, given: JsonSchema, isRequired: boolean): FormField {
  const { schema, isNullable } = withoutNull(given)
  const choices = choicesOf(schema)
  const kind = choices === undefined ? kindOf(schema) : 'choice'
  const isSecret = isSecretName(name) || schema.writeOnly === true || schema.format === 'password'
  return {
    name,
    label: schema.title ?? labelOf(name),
    kind: isSecret && kind === 'long text' ? 'text' : kind,
    isRequired,
    isNullable,
    isSecret,
    ...(schema.description !== undefined && { hint: schema.description }),
    // The default of a secret may be one.
    ...(schema.default !== undefined && !isSecret && { default: schema.default }),
    ...(choices && { choices }),
    ...(isBound(schema.minimum) && { least: schema.minimum }),
    ...(isBound(schema.maximum) && { most: schema.maximum }),
    ...(schema.maxLength !== undefined && { longest: schema.maxLength }),
  }
}

/** Libraries write the limits of JavaScript's whole numbers, which say nothing to people. */
function isBound(value: number | undefined): value is number {
  return value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER
}

function choicesOf(schema: JsonSchema): readonly (string | number)[] | undefined {
  const values = schema.enum ?? (schema.const === undefined ? constantsOf(schema.anyOf ?? schema.oneOf) : [schema.const])
  return values !== undefined && values.length > 0 && values.every(isPlain) ? values : undefined
}

function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function constantsOf(parts: readonly JsonSchema[] | undefined): readonly unknown[] | undefined {
  return parts?.every((part) => part.const !== undefined) === true ? parts.map((part) => part.const) : undefined
}

function kindOf({ type, format, maxLength }: JsonSchema): FieldKind {
  if (type === 'integer' || type === 'number' || type === 'boolean') return type
  if (type !== 'string') return 'json'
  if (format === 'date') return 'date'
  if (format === 'date-time') return 'time'
  return maxLength !== undefined && maxLength > 300 ? 'long text' : 'text'
}

/** `paidUntil` → `Paid until` */
function labelOf(name: string): string {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .trim()
  return words === ''
    ? name
    : `${words[0]!.toUpperCase()}${words.slice(1).replaceAll(/\b[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase())}`
}
