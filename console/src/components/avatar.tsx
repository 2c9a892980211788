/** A user as a disc with initials, in a colour that depends on the name; with a dot while the user is online. */
import { initialsOf, tintOf } from './initials.ts';

interface Props {
  readonly name: string;
  readonly online?: boolean;
  readonly size?: 'tiny' | 'normal';
}

export function Avatar({ name, online = false, size = 'normal' }: Props) {
  return (
    <span className={`avatar tint-${tintOf(name)} ${size}`} data-initials={initialsOf(name)} aria-hidden="true">
      {online && <span className="presence" />}
    </span>
  );
}
