/** `partywall user set-password`: another password for an account, whose sessions end. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { emailArgument, emailQuestion, tenantOption, type TenantFlag } from './accounts.ts'
import { passwordOption, withPassword, type PasswordFlag } from './password.ts'

export function userSetPassword(parent: Command, cli: Cli): void {
  parent
    .command('set-password')
    .description('give an account another password, and end its sessions')
    .argument(...emailArgument)
    .option(...tenantOption)
    .option(...passwordOption)
    .addHelpText(
      'after',
      examples(['user set-password --tenant acme ada@acme.example', 'prompts, or makes a password and shows it']),
    )
    .action(async (given: string | undefined, flags: TenantFlag & PasswordFlag) => {
      await cli.tenancy()
      const email = given ?? (await cli.ask.required(emailQuestion))
      await withPassword(cli, flags, (accounts, password) => accounts.setPassword(email, password))
    })
}
