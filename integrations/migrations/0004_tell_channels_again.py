"""Who may tell a channel of a parcel once more."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_channels")]

    operations = [
        migrations.AlterModelOptions(
            name="toldchannel",
            options={
                "permissions": [("tell_channel", "Can tell channels of parcels again")],
                "verbose_name": "parcel told to the channel",
                "verbose_name_plural": "parcels told to the channels",
            },
        ),
    ]
