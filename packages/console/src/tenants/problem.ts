/** What the room of tenants refuses, as the client reads it: with the field that is meant, where one is. */
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { errorCodes, tenancyErrorOf, type TenancyErrorCode } from 'partywall'
import * as z from 'zod'
import type { Problem } from './api.ts'

/** The field of a form that a refusal is about. */
const fieldOf: Partial<Record<TenancyErrorCode, string>> = {
  INVALID_SCHEMA_NAME: 'schema',
  SCHEMA_EXISTS: 'schema',
  INVALID_TENANT_NAME: 'name',
  INVALID_DOMAIN: 'domain',
  DOMAIN_EXISTS: 'domain',
  DOMAIN_NOT_CLAIMABLE: 'domain',
  EXTERNAL_ID_EXISTS: 'externalId',
  UNKNOWN_KIND: 'kind',
  UNKNOWN_TEMPLATE: 'template',
  TEMPLATE_UNUSABLE: 'template',
  MEMBER_EXISTS: 'userId',
  UNKNOWN_ROLE: 'role',
}

/** A refusal of the console itself. */
export class Refused extends Error {
  readonly problem: Problem

  /** @param detail sentences for people, without values of the tenant */
  constructor(status: number, code: string, title: string, detail: string) {
    super(detail)
    this.problem = { code, title, detail, status }
  }
}

/** Undefined: an error that is no refusal, and is for the log of the server. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Refused) return error.problem
  const refusal = tenancyErrorOf(error)
  if (refusal !== undefined) {
    const { code, summary, details } = refusal
    const { meaning, http } = errorCodes[code]
    const fields = fieldsOf(code, summary, details as Record<string, unknown>)
    return { code, title: meaning, detail: summary, status: http, ...(fields && { fields }) }
  }
  if (error instanceof z.ZodError) {
    const fields = Object.fromEntries(error.issues.map(({ path, message }) => [path.join('.') || 'body', message]))
    return {
      code: 'INVALID_BODY',
      title: 'This cannot be used',
      detail: 'Some values are missing or not well-formed.',
      status: 422,
      fields,
    }
  }
  if (error instanceof SyntaxError) {
    return { code: 'INVALID_BODY', title: 'This cannot be used', detail: 'The body of the request is not JSON.', status: 400 }
  }
  return undefined
}

/** @throws what is no refusal: the console answers it without its text */
export function answerTo(error: unknown): Response {
  const problem = problemOf(error)
  if (problem === undefined) throw error
  return new Response(JSON.stringify(problem), {
    status: problem.status as ContentfulStatusCode,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  })
}

interface Issue {
  readonly path: readonly string[]
  readonly message: string
}

function fieldsOf(code: TenancyErrorCode, summary: string, details: Record<string, unknown>): Record<string, string> | undefined {
  if (code === 'INVALID_ATTRIBUTES' || code === 'INVALID_SETTINGS') {
    const issues = (details['issues'] ?? []) as readonly Issue[]
    const prefix = code === 'INVALID_ATTRIBUTES' ? ['attributes'] : []
    return Object.fromEntries(issues.map(({ path, message }) => [[...prefix, ...path].join('.'), message]))
  }
  const field = fieldOf[code] ?? (code === 'INVALID_ARGUMENT' ? details['option'] : undefined)
  return typeof field === 'string' ? { [field]: summary } : undefined
}
