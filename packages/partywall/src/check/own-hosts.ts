/** PW-004: the base of byHost must be yours. Under a public suffix, the hosts of tenants belong to strangers. */
import type { NamedResolver, Resolver } from '../ports/resolver.ts'
import { defineCheck } from './check.ts'
import { publicSuffix } from './public-suffixes.ts'

export const ownHosts = defineCheck({
  id: 'PW-004',
  title: 'The base of byHost belongs to others',
  needs: ['config'],
  run: ({ config }) =>
    hostsOf(config.options.resolve)
      .flatMap(({ bases }) => bases)
      .flatMap((base) => {
        const what = publicSuffix(base)
        if (what === undefined) return []
        const seen = `the base ${JSON.stringify(base)} is ${what}: others can own the hosts of your tenants, and browsers refuse cookies for it`
        return [
          { severity: 'error', seen, fix: 'Give byHost the domain that you have registered, such as base: "example.com".' },
        ] as const
      }),
})

/** What each byHost of the config was given. */
export function hostsOf(resolvers: readonly Resolver[]): NonNullable<NamedResolver['hosts']>[] {
  return resolvers.flatMap((resolver) => (typeof resolver === 'function' || resolver.hosts === undefined ? [] : [resolver.hosts]))
}
