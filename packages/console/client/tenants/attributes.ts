/** From the fields of a form to the attributes of a tenant. */
import type { FormAnswer, FormField } from '../../src/tenants/api.ts'

/** What is typed, by the name of the field. */
export type Texts = Record<string, string>

export const jsonField = 'attributes'
const secretMask = '***'

export function textsOf(form: FormAnswer, attributes: Readonly<Record<string, unknown>> = {}): Texts {
  if (form.fields === undefined) return { [jsonField]: JSON.stringify(attributes, null, 2) }
  return Object.fromEntries(form.fields.map((field) => [field.name, textOf(field, attributes[field.name])]))
}

function textOf({ kind, isSecret }: FormField, value: unknown): string {
  if (value === undefined || value === null || (isSecret && value === secretMask)) return ''
  if (kind === 'json') return JSON.stringify(value, null, 2)
  if (kind === 'time') return String(value).slice(0, 16)
  return String(value)
}

export interface Written {
  readonly set: Readonly<Record<string, unknown>>
  readonly unset: readonly string[]
  /** Sentences, as the server has them: `attributes.seats`. */
  readonly problems: Readonly<Record<string, string>>
}

/** Only what differs from what was read. */
export function written(form: FormAnswer, texts: Texts, before: Texts): Written {
  const set: Record<string, unknown> = {}
  const unset: string[] = []
  const problems: Record<string, string> = {}
  if (form.fields === undefined) return writtenJson(texts[jsonField] ?? '', before[jsonField] ?? '{}')
  for (const field of form.fields) {
    const text = texts[field.name] ?? ''
    if (text === (before[field.name] ?? '')) continue
    try {
      if (text === '') unset.push(field.name)
      else set[field.name] = valueOf(field, text)
    } catch {
      problems[`attributes.${field.name}`] = field.kind === 'json' ? 'This is not JSON.' : 'This is not a number.'
    }
  }
  return { set, unset, problems }
}

function writtenJson(text: string, before: string): Written {
  try {
    const after = JSON.parse(text.trim() === '' ? '{}' : text) as unknown
    if (typeof after !== 'object' || after === null || Array.isArray(after)) throw new SyntaxError('no object')
    const old = JSON.parse(before) as Record<string, unknown>
    const changed = Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]))
    return {
      set: Object.fromEntries(changed),
      unset: Object.keys(old).filter((name) => !Object.hasOwn(after, name)),
      problems: {},
    }
  } catch {
    return { set: {}, unset: [], problems: { attributes: 'This is not an object of JSON.' } }
  }
}

function valueOf({ kind, choices }: FormField, text: string): unknown {
  if (kind === 'choice') return choices!.find((choice) => String(choice) === text)
  if (kind === 'boolean') return text === 'true'
  if (kind === 'json') return JSON.parse(text) as unknown
  if (kind === 'time') return new Date(text).toISOString()
  if (kind !== 'number' && kind !== 'integer') return text
  const number = Number(text)
  if (Number.isNaN(number)) throw new RangeError('no number')
  return number
}
