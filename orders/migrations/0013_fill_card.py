"""Who may fill in an urgent card."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0012_room_for_new_versions"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "permissions": [
                    ("place_order", "Can enter orders"),
                    ("fill_card_order", "Can fill in urgent cards"),
                    ("pay_order", "Can note payments"),
                    ("approve_order", "Can review orders"),
                    ("confirm_funds_order", "Can check payments"),
                    ("complete_order", "Can complete orders"),
                    ("cancel_order", "Can cancel orders"),
                    ("close_order", "Can close orders"),
                    ("change_address_order", "Can change addresses"),
                    ("revise_order", "Can revise what was ordered"),
                    ("revise_others_order", "Can revise what others brought in"),
                    ("allocate_order", "Can allocate stock to orders"),
                    ("note_order", "Can write notes"),
                    ("attach_order", "Can attach files"),
                    ("see_receiver_order", "Can see receivers unmasked"),
                ],
                "verbose_name": "order",
                "verbose_name_plural": "orders",
            },
        ),
    ]
