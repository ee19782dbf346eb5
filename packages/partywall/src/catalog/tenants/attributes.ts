/** Checks the attributes of a tenant before they are stored: by the application's own schema, then for values that JSON cannot hold. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { TenancyError } from '../../errors.ts'
import type { Attributes } from '../../types.ts'
import { toJson, type JsonProblem } from './json-value.ts'

/**
 * The attributes as they are stored: valid, with the schema's defaults, frozen. Without a schema any JSON object passes. On an
 * update the schema validates its own output again, so a schema that transforms values must accept its output.
 * @throws TenancyError INVALID_ATTRIBUTES with the path and message of each issue; the values are never named
 */
export async function validateAttributes(
  schema: StandardSchemaV1<any, object> | undefined,
  attributes: unknown,
): Promise<Readonly<Attributes>> {
  const valid = schema === undefined ? attributes : await applySchema(schema, attributes)
  if (typeof valid !== 'object' || valid === null || Array.isArray(valid)) {
    throw invalid([{ path: [], message: 'must be an object' }])
  }
  const problems: JsonProblem[] = []
  const json = toJson(valid, problems)
  if (problems.length > 0) throw invalid(problems)
  return json as Attributes
}

async function applySchema(schema: StandardSchemaV1<any, object>, attributes: unknown): Promise<object> {
  const result = await schema['~standard'].validate(attributes)
  if (result.issues === undefined) return result.value
  throw invalid(result.issues.map(({ path = [], message }) => ({ path: path.map(pathSegment), message })))
}

function pathSegment(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof segment === 'object' ? segment.key : segment)
}

function invalid(problems: readonly JsonProblem[]): TenancyError {
  const shown = problems.slice(0, 10).map(({ path, message }) => `${path.join('.') || 'attributes'}: ${message}`)
  const rest = problems.length > shown.length ? `; and ${problems.length - shown.length} more` : ''
  return new TenancyError(
    'INVALID_ATTRIBUTES',
    `The attributes do not fit. ${shown.join('; ')}${rest}. They are validated by the option tenant.attributes, whose output must be JSON.`,
    { details: { issues: problems } },
  )
}
