/** One way to ask any resolver, ours or yours: it has a name, and its answer is a Hint. */
import { TenancyError } from '../errors.ts'
import type { TenantRef } from '../types.ts'
import type { Hint, RequestFacts, Resolver } from '../ports/resolver.ts'

export interface Witness {
  readonly name: string
  /** What this resolver says of the facts. What the resolver throws passes through: a broken resolver is never "no tenant". */
  ask(facts: RequestFacts): Promise<Hint>
}

/** Gives a resolver its name; a function without one goes by its place in the list. */
export function witness(resolver: Resolver, index: number): Witness {
  const name = resolver.name || `resolver ${index + 1}`
  return {
    name,
    ask: async (facts) => toHint(await (typeof resolver === 'function' ? resolver(facts) : resolver.resolve(facts)), name),
  }
}

function toHint(answer: unknown, name: string): Hint {
  if (answer === undefined || answer === null) return { outcome: 'none' }
  if (answer === '') return { outcome: 'invalid', reason: 'the name of the tenant is empty' }
  if (isHint(answer)) return answer
  if (isTenantRef(answer)) return { outcome: 'tenant', ref: answer }
  throw new TenancyError(
    'INVALID_OPTION',
    `The resolver ${JSON.stringify(name)} gave ${typeof answer}, which names no tenant. Give a schema, an id, a domain, ` +
      '{ schema }, { id }, { domain }, a hint with an outcome, or undefined when the facts say nothing.',
    { details: { option: 'resolve', resolver: name } },
  )
}

function isHint(answer: unknown): answer is Hint {
  return typeof answer === 'object' && answer !== null && 'outcome' in answer && outcomes.has(answer.outcome)
}

function isTenantRef(answer: unknown): answer is TenantRef {
  if (typeof answer === 'string') return true
  if (typeof answer !== 'object' || answer === null) return false
  return ['id', 'schema', 'domain'].some((key) => typeof (answer as Record<string, unknown>)[key] === 'string')
}

const outcomes = new Set<unknown>(['none', 'tenant', 'shared', 'unknown', 'invalid'] satisfies Hint['outcome'][])
