/** What the pages of tenants ask the server. */
import type { Problem, WorkEvent } from '../../src/tenants/api.ts'
import { ApiError } from '../api/fetch.ts'

export const tenantPath = (tenant: string, rest = '') => `api/tenants/${encodeURIComponent(tenant)}${rest}`
/** The page of a tenant. */
export const pageOf = (tenant: string, tab = '') => `/t/${encodeURIComponent(tenant)}${tab}`

interface Sending {
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  /** Of the tenant, as the operator has seen it. */
  readonly version?: string | undefined
}

export async function send<T = undefined>(path: string, sending: Sending = {}): Promise<T> {
  const response = await request(path, sending)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** Sends what begins work, and calls `onEvent` for each of its events until the last one. */
export async function follow(path: string, body: unknown, onEvent: (event: WorkEvent) => void): Promise<void> {
  const response = await request(path, { body })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = `${rest}${part.value}`.split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.startsWith('data: ')) onEvent(JSON.parse(line.slice(6)) as WorkEvent)
  }
}

async function request(path: string, { method = 'POST', body, version }: Sending): Promise<Response> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (response.ok) return response
  throw new ApiError(response.status, await response.json().catch(() => ({})))
}

/** What a refusal says about single fields. */
export function fieldsOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ApiError)) return {}
  return ((error.problem as unknown as Problem).fields ?? {}) as Readonly<Record<string, string>>
}

export function textOf(error: unknown): string {
  return error instanceof ApiError ? error.message : 'The server cannot be reached. Try again.'
}
