/** `partywall user disable` and `user enable`: whether an account can sign in. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { emailArgument, emailQuestion, renderAccount, tenantOption, withAccounts, type TenantFlag } from './accounts.ts'

export function userDisable(parent: Command, cli: Cli): void {
  change(parent, cli, 'disable', 'keep an account from signing in, and end its sessions')
}

export function userEnable(parent: Command, cli: Cli): void {
  change(parent, cli, 'enable', 'let a disabled account sign in again')
}

function change(parent: Command, cli: Cli, verb: 'disable' | 'enable', what: string): void {
  parent
    .command(verb)
    .description(what)
    .argument(...emailArgument)
    .option(...tenantOption)
    .addHelpText('after', examples([`user ${verb} --tenant acme ada@acme.example`, 'an account of a tenant']))
    .action(async (given: string | undefined, flags: TenantFlag) => {
      const tenancy = await cli.tenancy()
      const email = given ?? (await cli.ask.required(emailQuestion))
      const { schema, result } = await withAccounts(tenancy, flags, (accounts) => accounts[verb](email))
      cli.out.result({ ...result, schema }, () => renderAccount(result, schema))
    })
}
