/** One interface for every resolver, of partywall or of the application: it has a name, and its answer is a Hint. */
import { isTenancyError, TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'
import type { TenantRef } from '../types.ts'
import type { Hint, RequestFacts, Resolver } from '../ports/resolver.ts'

export interface NamedQuestion {
  readonly name: string
  /** What this resolver says about the facts. An error of the resolver passes through: a broken resolver never means "no tenant". */
  ask(facts: RequestFacts): Promise<Hint>
}

/** Gives a resolver its name; a function without a name is called by its place in the list. */
export function named(resolver: Resolver, index: number): NamedQuestion {
  const name = resolver.name || `resolver ${index + 1}`
  return {
    name,
    ask: async (facts) => {
      try {
        return toHint(await (typeof resolver === 'function' ? resolver(facts) : resolver.resolve(facts)), name)
      } catch (error) {
        // The request is at fault, not the resolver: the facts cannot be read, e.g. a query that is too long.
        if (isTenancyError(error, 'INVALID_TENANT_REF')) return { outcome: 'invalid', reason: 'the facts cannot be read' }
        throw error
      }
    },
  }
}

function toHint(answer: unknown, name: string): Hint {
  if (answer === undefined || answer === null) return { outcome: 'none' }
  if (answer === '') return { outcome: 'invalid', reason: 'the name of the tenant is empty' }
  if (hasOutcome(answer)) {
    if (isHint(answer)) return answer
  } else if (isTenantRef(answer)) return { outcome: 'tenant', ref: answer }
  throw new TenancyError(
    'INVALID_OPTION',
    `The resolver ${JSON.stringify(name)} returned ${described(answer)}, which names no tenant. Return a schema, an id, a domain, ` +
      '{ schema }, { id }, { domain }, { externalId }, a hint with an outcome, or undefined when the facts name no tenant.',
    { details: { option: 'resolve', resolver: name } },
  )
}

/** An object with an outcome is a hint or a mistake. A refusal such as `{ outcome: 'forbidden', schema }` must not resolve by its schema. */
function hasOutcome(answer: unknown): answer is { readonly outcome: unknown; readonly ref?: unknown } {
  return typeof answer === 'object' && answer !== null && 'outcome' in answer
}

function isHint(answer: { readonly outcome: unknown; readonly ref?: unknown }): answer is Hint {
  return outcomes.has(answer.outcome) && (answer.outcome !== 'tenant' || isTenantRef(answer.ref))
}

function isTenantRef(answer: unknown): answer is TenantRef {
  if (typeof answer === 'string') return true
  if (typeof answer !== 'object' || answer === null) return false
  return ['id', 'schema', 'domain', 'externalId'].some((key) => typeof (answer as Record<string, unknown>)[key] === 'string')
}

function described(answer: unknown): string {
  if (!hasOutcome(answer)) return seen(answer)
  return answer.outcome === 'tenant' ? 'a hint "tenant" without a ref' : 'an object with an outcome that no hint has'
}

const outcomes = new Set<unknown>(['none', 'tenant', 'shared', 'unknown', 'invalid', 'unauthorized'] satisfies Hint['outcome'][])
