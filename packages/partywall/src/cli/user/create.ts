/** `partywall user create`: an account that can sign in, of a tenant or a central one. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { emailArgument, emailQuestion, tenantOption, type TenantFlag } from './accounts.ts'
import { passwordOption, withPassword, type PasswordFlag } from './password.ts'

interface Flags extends TenantFlag, PasswordFlag {
  readonly name?: string
  readonly admin?: boolean
  readonly verified?: boolean
}

export function userCreate(parent: Command, cli: Cli): void {
  parent
    .command('create')
    .description('make an account of the sign-in')
    .argument(...emailArgument)
    .option(...tenantOption)
    .option('--name <name>', 'the name for people (default: the part of the address before the @)')
    .option('--admin', 'give it the role "admin" of the sign-in')
    .option('--verified', 'its address counts as verified')
    .option(...passwordOption)
    .addHelpText(
      'after',
      examples(
        ['user create --tenant acme --admin ada@acme.example', 'the first administrator of a tenant'],
        ['user create ops@our.example --admin', 'an operator: a central account'],
      ),
    )
    .action(async (given: string | undefined, flags: Flags) => {
      await cli.tenancy()
      const email = given ?? (await cli.ask.required(emailQuestion))
      const { name, admin, verified } = flags
      await withPassword(cli, flags, (accounts, password) => accounts.create({ email, password, name, admin, verified }))
    })
}
